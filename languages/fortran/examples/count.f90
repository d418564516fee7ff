program count
    use, intrinsic :: iso_fortran_env, only: iostat_eor, int64
    implicit none
    character(len=1000) :: line
    integer :: length, status
    integer(int64) :: bytes

    bytes = 0
    do
        read (*, '(a)', advance='no', size=length, iostat=status) line
        if (status /= iostat_eor) exit
        bytes = bytes + length + 1  ! with the end of the line
    end do
    print '(i0)', bytes
end program count
