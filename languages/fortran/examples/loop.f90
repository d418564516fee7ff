program loop
    use, intrinsic :: iso_fortran_env, only: output_unit
    implicit none
    integer, volatile :: turns

    print '(a)', 'looping'
    flush (output_unit)
    turns = 0
    do
        turns = ieor(turns, 1)
    end do
end program loop
