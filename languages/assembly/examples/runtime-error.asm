        global  _start

        section .text
_start: mov     eax, 1
        mov     edi, 1
        mov     rsi, message
        mov     edx, length
        syscall

        mov     eax, 10
        xor     edx, edx
        xor     ecx, ecx
        div     ecx                     ; fails here

        mov     eax, 60
        xor     edi, edi
        syscall

        section .rodata
message: db     "before", 10
length: equ     $ - message
