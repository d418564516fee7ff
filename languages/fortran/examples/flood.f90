program flood
    implicit none
    do
        print '(a)', '0123456789'
    end do
end program flood
