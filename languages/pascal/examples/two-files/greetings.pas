unit Greetings;

interface

procedure Greet;

implementation

procedure Greet;
begin
  WriteLn('from the other file');
end;

end.
