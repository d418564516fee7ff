        global  _start

        section .text
_start: xor     eax, eax
        mov     [rax], eax              ; nothing is at address 0
