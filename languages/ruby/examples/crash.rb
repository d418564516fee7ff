Process.kill(:ABRT, Process.pid)
