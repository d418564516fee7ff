        global  main
        extern  printf, fgets, strcspn, stdin

        section .text
main:   sub     rsp, 8                  ; calls want the stack at a multiple of 16
        mov     rdi, line
        mov     esi, 256
        mov     rdx, [stdin]
        call    fgets
        mov     rdi, line
        mov     rsi, newline
        call    strcspn
        mov     byte [line + rax], 0
        mov     rdi, format
        mov     rsi, line
        xor     eax, eax
        call    printf
        xor     eax, eax
        add     rsp, 8
        ret

        section .rodata
format: db      "Grüße, %s!", 10, 0
newline: db     10, 0

        section .bss
line:   resb    256
