#include "motet/motet.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST = 64 };

static int fold(char c)
{
    return tolower((unsigned char)c);
}

/* Edits (insert, drop, change, swap neighbours) that make `a` of `b`, case aside: Damerau's distance restricted to
 * one edit a place, by dynamic programming over three rows. */
static size_t edits_between(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST) {
        return SIZE_MAX; /* not compared: near to nothing, however many edits a long word allows */
    }
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])) {
                size_t swapped = rows[(i - 2) % 3][j - 2] + 1;
                best = swapped < best ? swapped : best;
            }
            now[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *motet_nearest_name(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t allowed = word == NULL ? 0 : (strlen(word) + 2) / 3; /* a third of the word may be wrong */
    for (size_t i = 0; word != NULL && i < count; i++) {
        size_t edits = edits_between(word, names[i]);
        if (edits <= allowed && edits < strlen(names[i])) {
            nearest = names[i];
            allowed = edits > 0 ? edits - 1 : 0;
            if (edits == 0) {
                break;
            }
        }
    }
    return nearest;
}
