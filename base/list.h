/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Intrusive doubly linked list. An element carries its links (LIST_FIELDS) and can be in one list per set of
 * links. */

#include "base/macro.h"

#define LIST_HEAD(type, name)   type *name
#define LIST_FIELDS(type, name) type *name##_next, *name##_prev
#define LIST_PREPEND(links, head, item)                            \
        do {                                                       \
                __typeof__(*(head)) *_item = (item);               \
                _item->links##_prev = NULL;                        \
                _item->links##_next = (head);                      \
                if (_item->links##_next)                           \
                        _item->links##_next->links##_prev = _item; \
                (head) = _item;                                    \
        } while (0)
#define LIST_APPEND(links, head, item)                                \
        do {                                                          \
                __typeof__(*(head)) *_item = (item), *_tail = (head); \
                while (_tail && _tail->links##_next)                  \
                        _tail = _tail->links##_next;                  \
                _item->links##_prev = _tail;                          \
                _item->links##_next = NULL;                           \
                if (_tail)                                            \
                        _tail->links##_next = _item;                  \
                else                                                  \
                        (head) = _item;                               \
        } while (0)
#define LIST_INSERT_AFTER(links, where, item)                       \
        do {                                                        \
                __typeof__(where) _where = (where), _item = (item); \
                _item->links##_prev = _where;                       \
                _item->links##_next = _where->links##_next;         \
                if (_item->links##_next)                            \
                        _item->links##_next->links##_prev = _item;  \
                _where->links##_next = _item;                       \
        } while (0)
#define LIST_REMOVE(links, head, item)                                           \
        do {                                                                     \
                __typeof__(*(head)) *_item = (item);                             \
                if (_item->links##_next)                                         \
                        _item->links##_next->links##_prev = _item->links##_prev; \
                if (_item->links##_prev)                                         \
                        _item->links##_prev->links##_next = _item->links##_next; \
                else {                                                           \
                        assert((head) == _item);                                 \
                        (head) = _item->links##_next;                            \
                }                                                                \
                _item->links##_next = _item->links##_prev = NULL;                \
        } while (0)
#define LIST_FOREACH(links, item, head) for ((item) = (head); (item); (item) = (item)->links##_next)
/* The current item may be removed or freed in the body; no other item may. */
#define LIST_FOREACH_SAFE(links, item, next, head) \
        for ((item) = (head); (item) && (((next) = (item)->links##_next), 1); (item) = (next))
