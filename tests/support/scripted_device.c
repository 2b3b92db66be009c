#include "support/scripted_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
device_script script;

static const char *const device_names[] = {"Speakers", "Headphones"};

void script_lock(void)
{
    pthread_mutex_lock(&mutex);
}

void script_unlock(void)
{
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool fake_describe(char *text, size_t size)
{
    snprintf(text, size, "fake");
    return true;
}

static motet_result fake_list(motet_device_info *devices, uint32_t capacity, uint32_t *count, char *error, size_t size)
{
    script_lock();
    bool none = script.no_devices;
    script_unlock();
    *count = none ? 0 : 2;
    if (none) {
        snprintf(error, size, "all unplugged");
        return MOTET_ERROR_DEVICE;
    }
    for (uint32_t i = 0; i < 2 && i < capacity; i++) {
        devices[i] = (motet_device_info){.is_default = i == 0, .sample_rate_hz = 44100, .channels = 2};
        snprintf(devices[i].name, sizeof devices[i].name, "%s", device_names[i]);
    }
    return MOTET_OK;
}

/* One callback, whoever calls. */
static void ask_for_sound(motet_device *device)
{
    float block[SCRIPT_PERIOD * 2];
    for (int i = 0; i < SCRIPT_PERIOD * 2; i++) {
        block[i] = 99; /* whatever is not written would be heard */
    }
    device->request.render(device->request.user, block, SCRIPT_PERIOD);
    for (int i = 0; i < SCRIPT_PERIOD && device->heard_frames < SCRIPT_MOST_FRAMES; i++) {
        device->heard[device->heard_frames++] = block[2 * i];
    }
}

static void *fake_thread(void *user)
{
    motet_device *device = user;
    uint64_t due = now_ns();
    script_lock();
    while (!device->closing) {
        if (!script.silent) {
            script_unlock();
            ask_for_sound(device);
            script_lock();
            device->callbacks++;
        }
        script_unlock();
        due += (uint64_t)SCRIPT_PERIOD * 1000000000u / SCRIPT_RATE;
        struct timespec until = {.tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        script_lock();
    }
    script_unlock();
    return NULL;
}

static motet_result fake_open(const motet_device_request *request, motet_device **device, motet_device_opened *opened,
                              char *error, size_t size)
{
    script_lock();
    script.opens++;
    while (script.hang_open) {
        pthread_cond_wait(&changed, &mutex);
    }
    bool known = request->name == NULL || strcmp(request->name, device_names[0]) == 0 ||
                 strcmp(request->name, device_names[1]) == 0;
    bool fails = script.fail_opens != 0 || !known || script.opened_count == SCRIPT_MOST_DEVICES;
    if (script.fail_opens > 0) {
        script.fail_opens--;
    }
    if (fails) {
        script_unlock();
        snprintf(error, size, known ? "the plug is out" : "no such name");
        return known ? MOTET_ERROR_DEVICE : MOTET_ERROR_NOT_FOUND;
    }
    motet_device *made = calloc(1, sizeof *made);
    made->heard = calloc(SCRIPT_MOST_FRAMES, sizeof *made->heard);
    made->request = *request;
    snprintf(made->name, sizeof made->name, "%s", request->name != NULL ? request->name : device_names[0]);
    script.devices[script.opened_count++] = made;
    *opened = (motet_device_opened){.driver = "fake",
                                    .sample_rate_hz = 44100,
                                    .channels = 2,
                                    .period_frames = SCRIPT_PERIOD,
                                    .latency_frames = 2 * SCRIPT_PERIOD};
    snprintf(opened->name, sizeof opened->name, "%s", made->name);
    script_unlock();
    pthread_create(&made->thread, NULL, fake_thread, made);
    *device = made;
    return MOTET_OK;
}

static bool fake_lost(motet_device *device)
{
    (void)device;
    script_lock();
    bool lost = script.lost;
    script_unlock();
    return lost;
}

static void fake_close(motet_device *device)
{
    script_lock();
    while (script.hang_close) {
        pthread_cond_wait(&changed, &mutex);
    }
    device->closing = true;
    script_unlock();
    pthread_join(device->thread, NULL);
    script_lock();
    script.closed_count++;
    script_unlock();
}

const motet_device_backend scripted_device_backend = {.name = "fake",
                                                      .describe = fake_describe,
                                                      .list = fake_list,
                                                      .open = fake_open,
                                                      .lost = fake_lost,
                                                      .close = fake_close};

/* --------------------------------------------------------------------------------------------- The script */

void script_set(bool *flag, bool value)
{
    script_lock();
    *flag = value;
    script_unlock();
}

void script_set_fail_opens(int count)
{
    script_lock();
    script.fail_opens = count;
    script_unlock();
}

static int number(const int *value)
{
    script_lock();
    int read = *value;
    script_unlock();
    return read;
}

int script_opens(void)
{
    return number(&script.opens);
}

int script_opened_count(void)
{
    return number(&script.opened_count);
}

int script_closed_count(void)
{
    return number(&script.closed_count);
}

uint32_t script_callbacks(int device)
{
    script_lock();
    uint32_t count = script.devices[device]->callbacks;
    script_unlock();
    return count;
}

/* ------------------------------------------------------------------------------------------ What is said */

static char log_text[8192];

void script_log(void *user, motet_log_level level, const char *text)
{
    (void)user;
    script_lock();
    size_t length = strlen(log_text);
    snprintf(log_text + length, sizeof log_text - length, "%d: %s\n", (int)level, text);
    script_unlock();
}

int script_log_count(const char *text)
{
    int count = 0;
    script_lock();
    for (const char *at = log_text; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    script_unlock();
    return count;
}

const char *script_log_text(void)
{
    return log_text;
}

void script_begin(void)
{
    script_lock();
    script = (device_script){0};
    log_text[0] = '\0';
    script_unlock();
}

void script_end(void)
{
    for (int i = 0; i < script.opened_count; i++) {
        free(script.devices[i]->heard);
        free(script.devices[i]);
    }
}
