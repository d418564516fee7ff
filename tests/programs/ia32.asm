; Exits with 0 if 32-bit calls work, and those that must be refused are.
global _start
section .data
unix: dd 1, 1, 0
text: db "by int 0x80", 10
section .text
_start:
    mov eax, 4              ; write
    mov ebx, 1
    mov ecx, text
    mov edx, 12
    int 0x80
    mov edi, 1
    cmp eax, 12
    jne done
    mov eax, 359            ; socket(AF_ALG, SOCK_SEQPACKET, 0)
    mov ebx, 38
    mov ecx, 5
    xor edx, edx
    int 0x80
    mov edi, 2
    cmp eax, -1             ; EPERM
    jne done
    mov eax, 102            ; socketcall(SYS_SOCKET, {AF_UNIX, SOCK_STREAM, 0})
    mov ebx, 1
    mov ecx, unix
    int 0x80
    mov edi, 3
    cmp eax, -38            ; ENOSYS
    jne done
    mov eax, 26             ; ptrace(PTRACE_TRACEME)
    xor ebx, ebx
    int 0x80
    mov edi, 4
    cmp eax, -1
    jne done
    mov eax, 359            ; socket(AF_UNIX, SOCK_STREAM, 0)
    mov ebx, 1
    mov ecx, 1
    xor edx, edx
    int 0x80
    mov edi, 5
    cmp eax, 0
    jl done
    xor edi, edi
done:
    mov eax, 60
    syscall
