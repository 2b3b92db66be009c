/* Ctrl-C and a request to end, so that what was begun is put in order first. */
#ifndef MOTET_CLI_INTERRUPT_H
#define MOTET_CLI_INTERRUPT_H

#include <stdbool.h>

/* From here on SIGINT, SIGTERM and SIGHUP set a flag; a second one ends the program at once. */
void motet_interrupt_catch(void);
bool motet_interrupt_came(void);

#endif /* MOTET_CLI_INTERRUPT_H */
