program ExitCode;

begin
  WriteLn('leaving');
  Halt(7);
end.
