#!/usr/bin/env bash
# labels: threads
# The control of the sanitizer runs: a planted fault of each kind is caught by the build's own settings.
set -euo pipefail
if [[ -z ${MOTET_SANITIZE:-} ]]; then
    echo "not a sanitized build"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=gnu11 -g -O1 -pthread "-fsanitize=$MOTET_SANITIZE" -fno-sanitize-recover=all)

# plant SANITIZER NAME MESSAGE: under this sanitizer the program on standard input must build, fail, and say MESSAGE.
plant() {
    local status=0
    [[ ,$MOTET_SANITIZE, == *,$1,* ]] || return 0
    cat >"$work/$2.c"
    "${CC:-cc}" "${flags[@]}" "$work/$2.c" -o "$work/$2"
    "$work/$2" >"$work/out" 2>&1 || status=$?
    if ((status == 0)) || ! grep -qF "$3" "$work/out"; then
        echo "a planted $2 was not caught (exit status $status)"
        cat "$work/out"
        exit 1
    fi
    echo "a planted $2 is caught"
}

plant address overflow heap-buffer-overflow <<'C'
#include <stdlib.h>
int main(int count, char **arguments)
{
    volatile char *bytes = malloc(7);
    (void)arguments;
    bytes[count + 6] = 1;
    return 0;
}
C
plant address leak "detected memory leaks" <<'C'
#include <stdlib.h>
void *volatile kept;
int main(void)
{
    kept = malloc(7);
    kept = NULL;
    return 0;
}
C
plant undefined shift "shift exponent" <<'C'
int main(int count, char **arguments)
{
    (void)arguments;
    return (1 << (count + 40)) == 2;
}
C
plant thread race "data race" <<'C'
#include <pthread.h>
static int shared;
static void *add(void *unused)
{
    shared++;
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, add, NULL);
    shared++;
    pthread_join(thread, NULL);
    return 0;
}
C
plant realtime allocation "real-time unsafe function" <<'C'
#include <stdlib.h>
void *volatile kept;
void render(void) __attribute__((nonblocking));
void render(void) __attribute__((nonblocking))
{
    kept = malloc(7);
}
int main(void)
{
    render();
    return 0;
}
C
