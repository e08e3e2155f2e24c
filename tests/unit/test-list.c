/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/list.h"

#include <criterion/criterion.h>
#include <stdlib.h>

typedef struct Item {
        char name;
        LIST_FIELDS(struct Item, items);
        LIST_FIELDS(struct Item, others);
} Item;

/* The names forwards; the way back over the other links must be the same items. */
static const char *names(Item *head)
{
        static char text[16];
        size_t n = 0, back = 0;
        Item *item, *last = NULL;

        LIST_FOREACH (items, item, head) {
                text[n++] = item->name;
                last = item;
        }
        text[n] = '\0';
        for (; last; last = last->items_prev)
                cr_assert_eq(last->name, text[n - ++back]);
        cr_assert_eq(back, n);
        return text;
}

Test(list, appends_at_the_end_and_prepends_at_the_front)
{
        Item a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };
        LIST_HEAD(Item, head) = NULL;

        cr_assert_str_eq(names(head), "");
        LIST_APPEND(items, head, &a);
        LIST_APPEND(items, head, &b);
        LIST_PREPEND(items, head, &c);
        cr_assert_str_eq(names(head), "cab");
}

Test(list, removes_from_the_front_the_middle_and_the_end)
{
        Item item[] = { { .name = 'a' }, { .name = 'b' }, { .name = 'c' }, { .name = 'd' } };
        LIST_HEAD(Item, head) = NULL;

        for (size_t i = 0; i < ELEMENTSOF(item); i++)
                LIST_APPEND(items, head, &item[i]);

        LIST_REMOVE(items, head, &item[1]);
        cr_assert_str_eq(names(head), "acd");
        LIST_REMOVE(items, head, &item[0]);
        cr_assert_str_eq(names(head), "cd");
        LIST_REMOVE(items, head, &item[3]);
        cr_assert_str_eq(names(head), "c");
        LIST_REMOVE(items, head, &item[2]);
        cr_assert_null(head);
}

Test(list, a_removed_item_can_be_added_again)
{
        Item a = { .name = 'a' }, b = { .name = 'b' };
        LIST_HEAD(Item, head) = NULL;

        LIST_APPEND(items, head, &a);
        LIST_APPEND(items, head, &b);
        LIST_REMOVE(items, head, &a);
        cr_assert_null(a.items_next);
        cr_assert_null(a.items_prev);
        LIST_APPEND(items, head, &a);
        cr_assert_str_eq(names(head), "ba");
}

Test(list, an_item_is_in_one_list_per_set_of_links)
{
        Item a = { .name = 'a' }, b = { .name = 'b' };
        LIST_HEAD(Item, head) = NULL;
        LIST_HEAD(Item, other) = NULL;

        LIST_APPEND(items, head, &a);
        LIST_APPEND(items, head, &b);
        LIST_APPEND(others, other, &b);
        LIST_APPEND(others, other, &a);
        LIST_REMOVE(items, head, &a);
        cr_assert_str_eq(names(head), "b");
        cr_assert_eq(other, &b);
        cr_assert_eq(b.others_next, &a);
}

Test(list, the_current_item_may_be_freed_in_a_safe_walk)
{
        LIST_HEAD(Item, head) = NULL;
        Item *item, *next;
        size_t n = 0;

        for (int name = 'a'; name <= 'c'; name++) {
                item = calloc(1, sizeof(Item));
                cr_assert_not_null(item);
                item->name = (char) name;
                LIST_APPEND(items, head, item);
        }
        LIST_FOREACH_SAFE (items, item, next, head) {
                LIST_REMOVE(items, head, item);
                free(item);
                n++;
        }
        cr_assert_eq(n, 3);
        cr_assert_null(head);
}
