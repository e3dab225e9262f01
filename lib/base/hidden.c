/* Few users live in a process at the same time: a list will do. */

#include <stdlib.h>

#include "alloc.h"
#include "mailbox-audit.h"

struct hidden_count {
	struct hidden_count *next;
	const void *user;
	uint64_t hidden;
};

static struct hidden_count *hidden_counts;

/* Returns where the pointer to the user's count is, or would be. */
static struct hidden_count **hidden_find(const void *user)
{
	struct hidden_count **count = &hidden_counts;

	while (*count != NULL && (*count)->user != user)
		count = &(*count)->next;
	return count;
}

void mba_hidden_set(const void *user, uint64_t hidden)
{
	struct hidden_count **count = hidden_find(user);

	if (*count == NULL) {
		*count = mem_new(sizeof(**count));
		(*count)->user = user;
	}
	(*count)->hidden = hidden;
}

void mba_hidden_unset(const void *user)
{
	struct hidden_count **count = hidden_find(user), *found = *count;

	if (found != NULL) {
		*count = found->next;
		free(found);
	}
}

bool mba_hidden_get(const void *user, uint64_t *hidden_r)
{
	const struct hidden_count *count = *hidden_find(user);

	if (count == NULL)
		return false;
	*hidden_r = count->hidden;
	return true;
}
