program RuntimeError;

function Average(Sum, Count: Integer): Integer;
begin
  Average := Sum div Count;  { fails here }
end;

begin
  WriteLn('before');
  WriteLn(Average(10, 0));
end.
