program unicode
    implicit none
    character(len=200) :: line

    read (*, '(a)') line
    print '(a)', 'Grüße, ' // trim(line) // '!'
end program unicode
