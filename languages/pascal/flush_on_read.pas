{ Compiled into every program ahead of its own units: before the program waits for input, what it
  has printed is sent. Free Pascal does so on a terminal only; on a pipe, Write('Your name? ') would
  be seen after its answer. Once for each buffer of input costs nothing that could be measured,
  which flushing after each Write would. }
unit flush_on_read;

interface

implementation

uses
  BaseUnix;

type
  TReader = procedure(var Source: TextRec);

var
  ReadPlain: TReader;

procedure ReadAfterFlush(var Source: TextRec);
var
  Status: Word;
begin
  if (TextRec(Output).Mode = fmOutput) and (TextRec(Output).BufPos > 0) then
  begin
    Status := InOutRes;
    {$I-} Flush(Output); {$I+}
    InOutRes := Status;
  end;
  ReadPlain(Source);
end;

initialization
  Pointer(ReadPlain) := TextRec(Input).InOutFunc;
  TextRec(Input).InOutFunc := @ReadAfterFlush;
  { Somebody watches the program run: nothing is kept back, as on a terminal. }
  if FpGetEnv('STDOUT_LINE_BUFFERED') <> nil then
    TextRec(Output).FlushFunc := TextRec(Output).InOutFunc;
end.
