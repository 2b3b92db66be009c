/* The device adapter for SDL 2: PulseAudio, PipeWire, ALSA and what else SDL reaches. */
#ifndef MOTET_DEVICE_SDL_H
#define MOTET_DEVICE_SDL_H

#include "engine/device.h"

extern const motet_device_backend motet_sdl_device_backend;

#endif /* MOTET_DEVICE_SDL_H */
