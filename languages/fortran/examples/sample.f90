program sample
    implicit none
    character(len=100) :: name

    ! Without advance='no', the answer would be on the next line.
    write (*, '(a)', advance='no') 'Your name? '
    read (*, '(a)') name

    print '(a)', 'Hello, ' // trim(name) // '!'
end program sample
