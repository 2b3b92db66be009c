/* Other mixers, as sides of the bench (cli/bench.h). Each is used as its own documentation says, in the way that is cheapest
 * for it where there are several, and only for what it can do. */
#ifndef MOTET_PEERS_H
#define MOTET_PEERS_H

#include "bench.h"

extern const motet_bench_side motet_peer_faudio;
extern const motet_bench_side motet_peer_openal;
extern const motet_bench_side motet_peer_sdl_mixer;

#endif /* MOTET_PEERS_H */
