/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "alloc.h"
#include "name-set.h"

#define MIN_PLACES 64
/* a Mersenne prime: what is above its bits is added to them */
#define PRIME_BITS 61
#define PRIME ((UINT64_C(1) << PRIME_BITS) - 1)
/* bytes that are one coefficient */
#define CHUNK 7

struct name_set {
	/* where the polynomials are evaluated */
	uint64_t key;
	/* hashes, 0 for none, each at the first free place from the one on that
	   its lowest bits say; half of them are free at least */
	uint64_t *places;
	/* a power of two */
	size_t places_count;
	size_t count;
};

struct name_set *name_set_init(void)
{
	struct name_set *set = mem_new(sizeof(*set));

	/* Without randomness somebody could make two names of his own that are
	   taken for each other: then there is room for none. */
	if (getrandom(&set->key, sizeof(set->key), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(set->key))
		set->count = NAME_SET_MAX;
	set->key = set->key % (PRIME - 2) + 2;
	set->places_count = MIN_PLACES;
	set->places = mem_new(set->places_count * sizeof(*set->places));
	return set;
}

void name_set_deinit(struct name_set **_set)
{
	struct name_set *set = *_set;

	*_set = NULL;
	free(set->places);
	free(set);
}

/* Returns value * key, modulo the prime, or that plus the prime. The halves of
   both are multiplied: there 2^61 is 1, and 2^64 is 8. */
static uint64_t hash_step(uint64_t value, uint64_t key)
{
	const uint64_t high = (value >> 32) * (key >> 32);
	const uint64_t middle = (value >> 32) * (uint32_t)key +
		(key >> 32) * (uint32_t)value;
	const uint64_t low = (uint64_t)(uint32_t)value * (uint32_t)key;

	value = high * 8 + (middle >> 29) +
		((middle & ((UINT64_C(1) << 29) - 1)) << 32) +
		(low & PRIME) + (low >> PRIME_BITS);
	return (value & PRIME) + (value >> PRIME_BITS);
}

static uint64_t name_hash(const struct name_set *set, const char *name)
{
	uint64_t hash = 0, chunk;
	size_t len = strlen(name);

	for (; len >= CHUNK; name += CHUNK, len -= CHUNK) {
		chunk = 0;
		memcpy(&chunk, name, CHUNK);
		hash = hash_step(hash + le64toh(chunk), set->key);
	}
	chunk = 0;
	memcpy(&chunk, name, len);
	return hash_step(hash + le64toh(chunk), set->key) % PRIME + 1;
}

/* Returns the place of a hash, or the one where it belongs. */
static uint64_t *find_place(const struct name_set *set, uint64_t hash)
{
	size_t mask = set->places_count - 1, i = hash & mask;

	while (set->places[i] != 0 && set->places[i] != hash)
		i = (i + 1) & mask;
	return &set->places[i];
}

static void name_set_grow(struct name_set *set)
{
	uint64_t *old = set->places;
	size_t old_count = set->places_count, size;

	set->places_count *= 2;
	size = set->places_count * sizeof(*set->places);
	/* Not mem_new(): a page of zeros that is read before it is written to
	   is mapped twice, and the second time all processors are told. */
	set->places = mem_alloc(size);
	memset(set->places, 0, size);
	for (size_t i = 0; i < old_count; i++) {
		if (old[i] != 0)
			*find_place(set, old[i]) = old[i];
	}
	free(old);
}

void name_set_add(struct name_set *set, const char *name)
{
	uint64_t hash = name_hash(set, name), *place = find_place(set, hash);

	if (*place == hash || set->count == NAME_SET_MAX)
		return;
	*place = hash;
	if (++set->count > set->places_count / 2)
		name_set_grow(set);
}

bool name_set_has(const struct name_set *set, const char *name)
{
	return *find_place(set, name_hash(set, name)) != 0;
}
