program Main;

uses
  Greetings;  { in greetings.pas }

begin
  Greet;
end.
