/* A shield against signals, for a thread that holds a lock. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_SHIELD_H
#define QT_SHIELD_H

/*
 * In a process without worker threads (prefork) the handlers of SIGTERM and SIGHUP end the process right where they struck: they join
 * the pump's thread, which would wait for ever for a lock that the interrupted code holds. There a signal has to wait for the lock.
 */

/* This process is such a one. Elsewhere threads that take locks get no signals, and raising the shield does nothing. */
void qt_shield_use(void);
/* Around the time that a lock is taken, held and given; may be nested. */
void qt_shield_raise(void);
void qt_shield_lower(void);

#endif
