        global  _start

        section .text
_start: mov     eax, 1
        mov     edi, 1
        mov     rsi, message
        mov     edx, length
        syscall
        mov     eax, 60                 ; exit(7)
        mov     edi, 7
        syscall

        section .rodata
message: db     "leaving", 10
length: equ     $ - message
