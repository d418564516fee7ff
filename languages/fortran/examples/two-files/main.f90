program main
    use greetings, only: greet  ! in greetings.f90
    implicit none
    call greet()
end program main
