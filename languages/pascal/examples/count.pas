program Count;

var
  Letter: Char;
  Bytes: LongInt;

begin
  Bytes := 0;
  while not Eof do
  begin
    Read(Letter);
    Inc(Bytes);
  end;
  WriteLn(Bytes);
end.
