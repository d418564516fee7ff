program Arguments;

uses
  SysUtils;

var
  I: Integer;

begin
  for I := 1 to ParamCount do
    WriteLn(ParamStr(I));
  WriteLn(GetEnvironmentVariable('GREETING'));
end.
