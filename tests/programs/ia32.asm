; Exits with 0 if 32-bit calls work, and those that must be refused are.
global _start
section .data
unix: dd 1, 1, 0
namespaces: dd 0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
; mount umount umount2 pivot_root chroot unshare setns open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr ptrace
refused: dd 21, 22, 52, 217, 61, 310, 346, 428, 429, 430, 431, 432, 433, 442, 26
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
    mov esi, 0              ; clone(CLONE_NEW* | SIGCHLD, 0, 0, 0, 0), each of them
next:
    mov eax, 120
    mov ebx, [namespaces + esi * 4]
    or ebx, 17
    xor ecx, ecx
    xor edx, edx
    push rsi
    xor esi, esi
    xor edi, edi
    int 0x80
    pop rsi
    mov edi, 6
    cmp eax, -1
    jne done
    inc esi
    cmp esi, 8
    jb next
    mov esi, 0              ; mounts, umount and the rest, with arguments of 0
call:
    mov eax, [refused + esi * 4]
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    push rsi
    xor esi, esi
    int 0x80
    pop rsi
    lea edi, [esi + 16]
    cmp eax, -1
    jne done
    inc esi
    cmp esi, 15
    jb call
    mov eax, 435            ; clone3
    int 0x80
    mov edi, 7
    cmp eax, -38
    jne done
    mov eax, 120            ; clone without any: a child
    mov ebx, 17
    xor ecx, ecx
    int 0x80
    mov edi, 8
    cmp eax, 0
    jl done
    xor edi, edi
done:
    mov eax, 60
    syscall
