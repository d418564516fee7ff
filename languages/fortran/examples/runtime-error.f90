program runtime_error
    implicit none
    print '(a)', 'before'
    print '(i0)', element([1, 2, 3], 4)

contains

    integer function element(numbers, i)
        integer, intent(in) :: numbers(:), i
        element = numbers(i)  ! fails here
    end function element

end program runtime_error
