/* room.h: what products copy of their operands, a piece of memory for each thread: a stack may be far too small for it, which
 * nobody would notice before it has run into somebody else's.
 */
#ifndef FASTNN_ROOM_H
#define FASTNN_ROOM_H

#define FN_ROOM_PANELS 262144 /* bytes of panels, the most that any target asks for, */
#define FN_ROOM_TILES 393280  /* and of tiles, which are there at the same time */

#ifndef _WIN32
__attribute__((visibility("hidden")))
#endif
extern _Thread_local unsigned char fn_room[FN_ROOM_PANELS + FN_ROOM_TILES];

#endif
