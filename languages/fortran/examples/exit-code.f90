program exit_code
    implicit none
    print '(a)', 'leaving'
    call exit(7)
end program exit_code
