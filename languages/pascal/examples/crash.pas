program Crash;

uses
  BaseUnix;

begin
  WriteLn('about to die by a signal');
  FpKill(FpGetPid, SIGKILL);
end.
