/* realpath is XSI. */
#define _XOPEN_SOURCE 700

#include "files.h"

#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

char *motet_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return motet_string_copy(".");
    }
    char *folder = motet_string_copy(path);
    folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

char *motet_path_join(const char *folder, const char *path)
{
    if (path[0] == '/' || strcmp(folder, ".") == 0) {
        return motet_string_copy(path);
    }
    return motet_string_format("%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
}

bool motet_path_has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path);
    size_t wanted = strlen(ending);
    return length >= wanted && strcasecmp(path + length - wanted, ending) == 0;
}

static char *complaint_of(int error, const char *folder, const char *path)
{
    if (error != ENOENT && error != ENOTDIR) {
        return motet_string_format("%s: cannot be read: %s", path, strerror(error));
    }
    if (path[0] == '/') {
        return motet_string_format("%s: no such file", path);
    }
    char *place = realpath(folder, NULL);
    char *text = motet_string_format("%s: no such file (looked in %s)", path, place != NULL ? place : folder);
    free(place);
    return text;
}

/* Opens `path` seen from `folder`; NULL with `*complaint` set when that fails. */
static FILE *open_for_reading(const char *folder, const char *path, char **complaint)
{
    char *joined = motet_path_join(folder, path);
    FILE *file = fopen(joined, "rb");
    *complaint = NULL;
    struct stat status;
    if (file == NULL) {
        *complaint = complaint_of(errno, folder, path);
    } else if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        *complaint = motet_string_format("%s: is a folder; expected a file", path);
        (void)fclose(file);
        file = NULL;
    }
    free(joined);
    return file;
}

char *motet_file_complaint(const char *folder, const char *path)
{
    char *complaint = NULL;
    FILE *file = open_for_reading(folder, path, &complaint);
    if (file != NULL) {
        (void)fclose(file);
    }
    return complaint;
}

char *motet_file_read(const char *folder, const char *path, motet_bytes *bytes)
{
    char *complaint = NULL;
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : open_for_reading(folder, path, &complaint);
    if (file == NULL) {
        return complaint;
    }
    if (!motet_bytes_append_stream(bytes, file)) {
        complaint = motet_string_format("%s: cannot be read: %s", path, strerror(errno));
    }
    if (!standard) {
        (void)fclose(file);
    }
    return complaint;
}
