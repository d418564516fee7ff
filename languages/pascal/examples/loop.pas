program Loop;

begin
  WriteLn('looping');
  Flush(Output);
  while True do;
end.
