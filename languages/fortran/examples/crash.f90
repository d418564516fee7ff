program crash
    implicit none
    print '(a)', 'about to abort'
    call abort()
end program crash
