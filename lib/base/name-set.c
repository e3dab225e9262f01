/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "alloc.h"
#include "name-set.h"

#define MIN_PLACES 64
/* a Mersenne prime: what is above its bits is added to them */
#define PRIME_BITS 31
#define PRIME ((UINT64_C(1) << PRIME_BITS) - 1)
/* bytes that are one coefficient */
#define CHUNK 3

struct name_set {
	/* where the polynomials are evaluated */
	uint32_t keys[2];
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
	   taken for each other. */
	(void)getrandom(set->keys, sizeof(set->keys), GRND_NONBLOCK);
	for (int i = 0; i < 2; i++)
		set->keys[i] = set->keys[i] % (PRIME - 2) + 2;
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

/* Returns value * key + coefficient, modulo the prime, or that plus the
   prime. */
static uint64_t hash_step(uint64_t value, uint32_t key, uint32_t coefficient)
{
	value = value * key + coefficient;
	value = (value & PRIME) + (value >> PRIME_BITS);
	return (value & PRIME) + (value >> PRIME_BITS);
}

static uint64_t name_hash(const struct name_set *set, const char *name)
{
	uint64_t hash1 = 0, hash2 = 0;
	size_t len = strlen(name), size;
	uint32_t chunk;

	for (; len > 0; name += size, len -= size) {
		chunk = 0;
		size = len < CHUNK ? len : CHUNK;
		for (size_t i = 0; i < size; i++)
			chunk = chunk << 8 | (unsigned char)name[i];
		hash1 = hash_step(hash1, set->keys[0], chunk);
		hash2 = hash_step(hash2, set->keys[1], chunk);
	}
	return (hash1 % PRIME) << 32 | (hash2 % PRIME + 1);
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
	return set != NULL && *find_place(set, name_hash(set, name)) != 0;
}
