/* A PulseAudio server of the test's own: no sound card, one null sink whose monitor can be recorded. What it plays is
 * recorded bit for bit (float, 48 kHz, two channels) as long as its stream does not run dry, which is counted.
 *
 * Only processes started here are ended, by their id. A server whose test has died ends by itself. */
#ifndef TEST_SUPPORT_PULSE_H
#define TEST_SUPPORT_PULSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PULSE_RATE = 48000 };

/* False, with a sentence on standard output, where the packages are missing. */
bool pulse_installed(void);

/* A folder for the server's files, and this process' environment set up so that SDL and every child speak to that
 * server and no other. */
void pulse_prepare(void);
void pulse_clean_up(void);
const char *pulse_folder(void);

/* Starts the server and waits until it answers. */
void pulse_start(void);
/* Sends a signal to the server; after SIGKILL or SIGTERM it is gone when this returns. */
void pulse_signal(int signal);
/* How often a stream ran dry since the server was started, its beginning and its end aside. */
int pulse_underruns(void);

/* Runs a program with its standard output in a file; NULL leaves it. Ends with NULL, as for execvp. */
pid_t pulse_spawn(const char *const *arguments, const char *output_path);
/* Waits until a program has ended by itself; true if with exit status 0. */
bool pulse_await(pid_t pid);

/* Records what the sink plays, from now on. One recording at a time. */
void pulse_record(void);
/* Ends the recording; its frames (interleaved stereo), to be freed. */
float *pulse_recorded(uint32_t *frame_count);

#endif /* TEST_SUPPORT_PULSE_H */
