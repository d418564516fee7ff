program memory
    implicit none

    type :: piece
        integer, allocatable :: numbers(:)
        type(piece), pointer :: next => null()
    end type piece

    type(piece), pointer :: first, new

    first => null()
    do
        allocate (new)
        allocate (new%numbers(1000000), source=1)
        new%next => first
        first => new
    end do
end program memory
