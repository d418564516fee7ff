program compile_error
    integer :: number = 'text'
end program compile_error
