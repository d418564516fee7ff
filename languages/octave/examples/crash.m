kill(getpid(), SIG.ABRT)
