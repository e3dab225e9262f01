/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Looks are made by as many threads as there can be, and be it none; what is
   found doesn't depend on it. */

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "look-pool.h"
#include "unit-mail.h"

#define LOOKS 2000

/* posted by looks that another thread makes */
static pthread_t caller;
static sem_t looked;

/* The library's, too. */
int lstat(const char *path, struct stat *st)
{
	int ret = fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);

	if (!pthread_equal(pthread_self(), caller))
		ck_assert_int_eq(sem_post(&looked), 0);
	return ret;
}

static const enum mba_state states[] = {
	MBA_STATE_MAILBOX, MBA_STATE_NOT_MAILBOX, MBA_STATE_MISSING,
};

static struct location *location;
static struct location_path paths[3];
static int dir_fd;

/* A mailbox, what is none, and nothing. */
static void begin(void)
{
	static const char *const names[] = { "box", "junk", "gone" };

	caller = pthread_self();
	ck_assert_int_eq(sem_init(&looked, 0, 0), 0);
	unit_write(unit_path("mail/box"), "", 0);
	unit_write(unit_path("mail/junk"), "junk\n", 5);
	location = unit_mail_location("mbox", NULL);
	dir_fd = open(unit_path("mail"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(dir_fd, -1);
	for (unsigned int i = 0; i < 3; i++)
		location_from_storage_name(location, names[i], &paths[i]);
}

static void end(void)
{
	for (unsigned int i = 0; i < 3; i++)
		location_path_free(&paths[i]);
	location_free(&location);
	ck_assert_int_eq(close(dir_fd), 0);
	ck_assert_int_eq(sem_destroy(&looked), 0);
}

/* Have looks made, of which never more than so many are in flight. */
static void look_all(struct look_pool *pool, unsigned int in_flight)
{
	struct look looks[64] = { { .taken = false } }, *look;

	for (unsigned int i = 0; i < LOOKS + in_flight; i++) {
		look = &looks[i % in_flight];
		if (i >= in_flight) {
			look_pool_wait(pool, look);
			ck_assert_int_eq(look->question.verdict.state,
					 states[(i - in_flight) % 3]);
		}
		if (i >= LOOKS)
			continue;
		look->question = (struct mail_question) {
			.path = &paths[i % 3], .dir_fd = dir_fd,
			.name = paths[i % 3].mail_path,
			.verdict = { MBA_STATE_UNKNOWN, 0 },
		};
		look_pool_add(pool, look);
	}
}

START_TEST(looks_are_the_same_for_any_number)
{
	static const unsigned int threads[] = { 0, 1, 2, 16 };
	unsigned int before = unit_threads_count();
	struct look_pool *pool;

	begin();
	pool = look_pool_init(location, threads[_i]);
	unit_threads_check(unit_threads_count(), before + threads[_i]);
	look_all(pool, 1);
	look_all(pool, 3);
	look_all(pool, 64);
	look_pool_deinit(&pool);
	ck_assert_ptr_null(pool);
	end();
}
END_TEST

START_TEST(a_look_is_made_before_somebody_waits_for_it)
{
	struct look_pool *pool;
	struct look look = { .taken = false };

	begin();
	pool = look_pool_init(location, 1);
	/* the second one finds a thread that waits */
	for (unsigned int i = 0; i < 2; i++) {
		look.question = (struct mail_question) {
			.path = &paths[2], .dir_fd = dir_fd,
			.name = paths[2].mail_path,
		};
		look_pool_add(pool, &look);
		ck_assert_int_eq(sem_wait(&looked), 0);
		look_pool_wait(pool, &look);
		ck_assert_int_eq(look.question.verdict.state,
				 MBA_STATE_MISSING);
	}
	look_pool_deinit(&pool);
	end();
}
END_TEST

/* sanitizers take address space for themselves */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* pthread_create() fails with EAGAIN where there is no more address space. */
static const struct {
	rlim_t space;
	unsigned int min, max;
} rooms[] = {
	/* for none */
	{ 64 * 1024, 0, 0 },
	/* for stacks of 128 kB, but for nothing else then */
	{ 1024 * 1024, 0, 0 },
	/* for them, but not for the default's of 8 MB */
	{ 8 * 1024 * 1024, 16, 255 },
};
#define ROOMS_COUNT (int)(sizeof(rooms) / sizeof(rooms[0]))

START_TEST(as_many_as_there_is_room_for)
{
	struct rlimit limit;
	struct look_pool *pool;
	unsigned long pages;
	unsigned int count;
	void *others;
	FILE *file;

	begin();
	file = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = pages * (rlim_t)getpagesize() + rooms[_i].space;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	pool = look_pool_init(location, 256);
	count = unit_threads_count() - 1;
	ck_assert_uint_ge(count, rooms[_i].min);
	ck_assert_uint_le(count, rooms[_i].max);
	if (count > 0) {
		/* and for others */
		others = mmap(NULL, 3 * 1024 * 1024, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(others, MAP_FAILED);
		ck_assert_int_eq(munmap(others, 3 * 1024 * 1024), 0);
	}
	look_all(pool, 64);
	look_pool_deinit(&pool);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	end();
}
END_TEST
#endif

/* Returns how many threads block SIGINT and SIGTERM. */
static unsigned int count_blocked(void)
{
	unsigned int blocked = 0;
	struct dirent *d;
	char line[512];
	DIR *dir;
	FILE *file;

	dir = opendir("/proc/self/task");
	ck_assert_ptr_nonnull(dir);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(line, sizeof(line), "/proc/self/task/%s/status",
			       d->d_name);
		file = fopen(line, "r");
		ck_assert_ptr_nonnull(file);
		while (fgets(line, sizeof(line), file) != NULL) {
			if (strncmp(line, "SigBlk:", 7) == 0 &&
			    (strtoull(line + 7, NULL, 16) & 0x4002) == 0x4002)
				blocked++;
		}
		ck_assert_int_eq(fclose(file), 0);
	}
	ck_assert_int_eq(closedir(dir), 0);
	return blocked;
}

/* Signals are for the caller's thread. */
START_TEST(threads_take_no_signal)
{
	unsigned int before = count_blocked();
	struct look_pool *pool;

	begin();
	pool = look_pool_init(location, 4);
	unit_threads_check(count_blocked(), before + 4);
	look_pool_deinit(&pool);
	end();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("look-pool");

	tcase_add_loop_test(tcase, looks_are_the_same_for_any_number, 0, 4);
	tcase_add_test(tcase, a_look_is_made_before_somebody_waits_for_it);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	tcase_add_loop_test(tcase, as_many_as_there_is_room_for, 0,
			    ROOMS_COUNT);
#endif
	tcase_add_test(tcase, threads_take_no_signal);
	return unit_run(tcase);
}
