        global  greet

        section .text
greet:  mov     eax, 1
        mov     edi, 1
        mov     rsi, message
        mov     edx, length
        syscall
        ret

        section .rodata
message: db     "from the other file", 10
length: equ     $ - message
