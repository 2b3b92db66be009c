/* motet devices: the output devices of this machine. */
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: motet devices [--json]\n"
    "\n"
    "Lists the output devices, the default one marked with \"*\". \"motet play --device NAME\" takes these names.\n"
    "\n"
    "  --json   one JSON document: {\"devices\": [{\"name\", \"default\", \"rate\", \"channels\"}], \"reason\"}; a "
    "rate or number\n"
    "           of channels that the system does not say is null; reason says why there is no device, else it is null\n"
    "\n"
    "Exit status: 0 success (also where there is no device), 2 wrong usage.\n";

static motet_device_info *list_devices(uint32_t *count)
{
    uint32_t capacity = 32;
    motet_device_info *devices = NULL;
    do { /* one may have been plugged in between two calls */
        capacity *= 2;
        free(devices);
        devices = motet_memory_take(capacity, sizeof *devices);
        *count = motet_device_list(devices, capacity);
    } while (*count > capacity);
    return devices;
}

static json_t *count_or_null(uint32_t count)
{
    return count > 0 ? json_integer(count) : json_null();
}

static json_t *to_json(const motet_device_info *devices, uint32_t count, const char *reason)
{
    json_t *document = json_object();
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *device = json_object();
        (void)json_object_set_new(device, "name", motet_json_text(devices[i].name));
        (void)json_object_set_new(device, "default", json_boolean(devices[i].is_default));
        (void)json_object_set_new(device, "rate", count_or_null(devices[i].sample_rate_hz));
        (void)json_object_set_new(device, "channels", count_or_null(devices[i].channels));
        (void)json_array_append_new(list, device);
    }
    (void)json_object_set_new(document, "devices", list);
    (void)json_object_set_new(document, "reason", count == 0 ? motet_json_text(reason) : json_null());
    return document;
}

static void print(const motet_device_info *devices, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        printf("%c %s", devices[i].is_default ? '*' : ' ', devices[i].name);
        if (devices[i].sample_rate_hz > 0 && devices[i].channels > 0) {
            printf(" (%u Hz, %u channels)", (unsigned)devices[i].sample_rate_hz, (unsigned)devices[i].channels);
        }
        putchar('\n');
    }
}

static int devices(bool json)
{
    uint32_t count = 0;
    motet_device_info *list = list_devices(&count);
    const char *reason = *motet_last_error() != '\0' ? motet_last_error() : "no sound device";
    bool written = true;
    if (count == 0) {
        motet_output_error("%s", reason);
    }
    if (json) {
        written = motet_output_json(to_json(list, count, reason));
    } else {
        print(list, count);
        written = motet_output_flush();
    }
    free(list);
    return written ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    const motet_option options[] = {{.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json}};
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("devices", options, 1, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("devices", operands.count == 0, "[--json]") ? devices(json) : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_devices = {
    .name = "devices", .summary = "the output devices of this machine", .help = help, .run = run};
