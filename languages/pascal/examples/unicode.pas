program Unicode;

var
  Line: AnsiString;

begin
  ReadLn(Line);
  WriteLn('Grüße, ', Line, '!');
end.
