module greetings
    implicit none

contains

    subroutine greet()
        print '(a)', 'from the other file'
    end subroutine greet

end module greetings
