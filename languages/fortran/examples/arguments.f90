program arguments
    implicit none
    character(len=100) :: text
    integer :: i

    do i = 1, command_argument_count()
        call get_command_argument(i, text)
        print '(a)', trim(text)
    end do
    call get_environment_variable('GREETING', text)
    print '(a)', trim(text)
end program arguments
