program Flood;

begin
  while True do
    WriteLn('0123456789');
end.
