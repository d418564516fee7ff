program Sample;

var
  Name: string;

begin
  Write('Your name? ');
  ReadLn(Name);  { one line }

  WriteLn('Hello, ', Name, '!');
end.
