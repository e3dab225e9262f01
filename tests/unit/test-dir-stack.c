/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dir-stack.h"
#include "unit.h"

#define DEEP_LEVELS 1000

static void stack_open(struct dir_stack *stack, const char *root)
{
	dir_stack_init(stack, O_RDONLY | O_NOFOLLOW);
	stack->root_fd = open(root, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(stack->root_fd, -1);
}

static ino_t stack_ino(struct dir_stack *stack)
{
	struct stat st;
	size_t depth;
	int fd = dir_stack_fd(stack, &depth);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

START_TEST(a_stack_holds_few_descriptors)
{
	unsigned int before = unit_descriptors_count();
	static ino_t inodes[DEEP_LEVELS + 1];
	struct dir_stack stack;

	unit_make_deep(unit_path("root"), DEEP_LEVELS);
	stack_open(&stack, unit_path("root"));
	inodes[0] = stack_ino(&stack);
	for (unsigned int i = 1; i <= DEEP_LEVELS; i++) {
		dir_stack_push(&stack, "d", 1);
		inodes[i] = stack_ino(&stack);
		ck_assert_uint_eq(stack.path_len, 2 * i - 1);
	}
	ck_assert_uint_le(unit_descriptors_count(),
			  before + 1 + DIR_STACK_MAX_OPEN);
	/* the same directories on the way back */
	for (unsigned int i = DEEP_LEVELS; i > 0; i--) {
		ck_assert_uint_eq(stack_ino(&stack), inodes[i]);
		ck_assert_uint_le(stack.open_count, DIR_STACK_MAX_OPEN);
		/* once on each way, whatever the depth */
		ck_assert_uint_le(stack.frames[i - 1].opens, 2);
		dir_stack_pop(&stack);
	}
	ck_assert_uint_eq(stack_ino(&stack), inodes[0]);
	ck_assert_str_eq(stack.path, "");
	dir_stack_deinit(&stack);
	ck_assert_uint_eq(unit_descriptors_count(), before);
}
END_TEST

START_TEST(a_stack_closes_what_it_opened)
{
	unsigned int before = unit_descriptors_count();
	unsigned int inherited = unit_inherited_count();
	struct dir_stack stack;

	dir_stack_init(&stack, O_RDONLY);
	dir_stack_deinit(&stack);
	ck_assert_uint_eq(unit_descriptors_count(), before);

	unit_make_deep(unit_path("root"), 50);
	stack_open(&stack, unit_path("root"));
	for (unsigned int i = 0; i < 50; i++) {
		dir_stack_push(&stack, "nowhere", 7);
		dir_stack_pop(&stack);
	}
	for (unsigned int i = 0; i < 50; i++) {
		dir_stack_push(&stack, "d", 1);
		ck_assert_str_eq(dir_stack_name(&stack), "d");
		(void)stack_ino(&stack);
	}
	ck_assert_uint_eq(unit_descriptors_count(),
			  before + 1 + DIR_STACK_MAX_OPEN);
	/* the root was opened here */
	ck_assert_uint_eq(unit_inherited_count(), inherited + 1);
	dir_stack_deinit(&stack);
	ck_assert_uint_eq(unit_descriptors_count(), before);
}
END_TEST

START_TEST(a_stack_opens_what_it_jumps_to)
{
	struct dir_stack stack;
	size_t depth;

	unit_make_deep(unit_path("root"), 100);
	stack_open(&stack, unit_path("root"));
	for (unsigned int i = 0; i < 100; i++)
		dir_stack_push(&stack, "d", 1);
	ck_assert_int_ne(dir_stack_fd(&stack, &depth), -1);
	dir_stack_push(&stack, "nowhere", 7);
	dir_stack_push(&stack, "d", 1);
	ck_assert_int_eq(dir_stack_fd(&stack, &depth), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(depth, 101);
	dir_stack_deinit(&stack);
}
END_TEST

START_TEST(the_directory_above_is_told)
{
	struct dir_stack stack;
	struct stat st;
	ino_t first;

	unit_make_deep(unit_path("root"), 2);
	stack_open(&stack, unit_path("root"));
	ck_assert_int_eq(dir_stack_parent_fd(&stack), -1);
	dir_stack_push(&stack, "d", 1);
	first = stack_ino(&stack);
	ck_assert_int_eq(dir_stack_parent_fd(&stack), stack.root_fd);
	dir_stack_push(&stack, "d", 1);
	ck_assert_int_eq(fstat(dir_stack_parent_fd(&stack), &st), 0);
	ck_assert_uint_eq(st.st_ino, first);
	dir_stack_deinit(&stack);
}
END_TEST

/* Go so deep that the first directories are closed, then back to the third,
   "root/d/d/d". Returns errno if it can't be opened. */
static int return_to_third(void (*change)(void))
{
	struct dir_stack stack;
	int fd, fd_errno;
	size_t depth;

	unit_make_deep(unit_path("root"), 50);
	stack_open(&stack, unit_path("root"));
	for (unsigned int i = 0; i < 50; i++) {
		dir_stack_push(&stack, "d", 1);
		(void)stack_ino(&stack);
	}
	change();
	while (stack.count > 3)
		dir_stack_pop(&stack);
	fd = dir_stack_fd(&stack, &depth);
	fd_errno = errno;
	dir_stack_deinit(&stack);
	return fd != -1 ? 0 : fd_errno;
}

static void move_fourth(void)
{
	ck_assert_int_eq(rename(unit_path("root/d/d/d/d"), unit_path("4")), 0);
}

static void move_second(void)
{
	ck_assert_int_eq(rename(unit_path("root/d/d"), unit_path("2")), 0);
}

/* Neither ".." of the fourth nor the path leads to the third any more. */
static void move_third(void)
{
	move_fourth();
	ck_assert_int_eq(rename(unit_path("root/d/d/d"), unit_path("3")), 0);
}

static void replace_by_directory(void)
{
	move_third();
	unit_mkdir(unit_path("root/d/d/d/d/d"));
}

static void replace_by_symlink(void)
{
	move_third();
	ck_assert_int_eq(symlink("../../../3", unit_path("root/d/d/d")), 0);
}

static void change_nothing(void)
{
}

START_TEST(a_directory_that_was_replaced_is_told)
{
	ck_assert_int_eq(return_to_third(replace_by_directory), ESTALE);
}
END_TEST

START_TEST(a_symlink_in_its_place_is_not_followed)
{
	int ret = return_to_third(replace_by_symlink);

	ck_assert(ret == ELOOP || ret == ENOTDIR);
}
END_TEST

START_TEST(a_directory_that_was_moved_is_told)
{
	ck_assert_int_eq(return_to_third(move_third), ENOENT);
}
END_TEST

START_TEST(a_directory_that_is_still_there_is_found)
{
	ck_assert_int_eq(return_to_third(change_nothing), 0);
}
END_TEST

START_TEST(a_directory_is_found_when_one_below_was_moved)
{
	ck_assert_int_eq(return_to_third(move_fourth), 0);
}
END_TEST

START_TEST(a_directory_is_found_when_one_above_was_moved)
{
	ck_assert_int_eq(return_to_third(move_second), 0);
}
END_TEST

/* What was above is another directory: what is below is the same. */
START_TEST(a_stack_goes_on_below_what_was_moved)
{
	struct dir_stack stack;

	unit_make_deep(unit_path("root"), 50);
	stack_open(&stack, unit_path("root"));
	for (unsigned int i = 0; i < 50; i++) {
		dir_stack_push(&stack, "d", 1);
		(void)stack_ino(&stack);
	}
	move_fourth();
	while (stack.count > 4)
		dir_stack_pop(&stack);
	ck_assert_int_eq(dir_stack_parent_fd(&stack), -1);
	while (stack.count < 50) {
		dir_stack_push(&stack, "d", 1);
		(void)stack_ino(&stack);
	}
	dir_stack_deinit(&stack);
}
END_TEST

/* The way to it from the root is longer than what is held open. */
START_TEST(a_deep_directory_is_found_when_one_below_was_moved)
{
	const unsigned int depth = DIR_STACK_MAX_OPEN + 10;
	ino_t inodes[2 * DIR_STACK_MAX_OPEN + 20];
	struct dir_stack stack;
	char path[256] = "root";

	unit_make_deep(unit_path("root"), sizeof(inodes) / sizeof(inodes[0]));
	stack_open(&stack, unit_path("root"));
	for (size_t i = 0; i < sizeof(inodes) / sizeof(inodes[0]); i++) {
		dir_stack_push(&stack, "d", 1);
		inodes[i] = stack_ino(&stack);
		if (i <= depth)
			strcat(path, "/d");
	}
	ck_assert_int_eq(rename(unit_path("%s", path), unit_path("moved")), 0);
	while (stack.count > depth)
		dir_stack_pop(&stack);
	ck_assert_uint_eq(stack_ino(&stack), inodes[depth - 1]);
	dir_stack_deinit(&stack);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dir-stack");

	tcase_add_test(tcase, a_stack_holds_few_descriptors);
	tcase_add_test(tcase, a_stack_closes_what_it_opened);
	tcase_add_test(tcase, a_stack_opens_what_it_jumps_to);
	tcase_add_test(tcase, the_directory_above_is_told);
	tcase_add_test(tcase, a_directory_that_was_replaced_is_told);
	tcase_add_test(tcase, a_symlink_in_its_place_is_not_followed);
	tcase_add_test(tcase, a_directory_that_was_moved_is_told);
	tcase_add_test(tcase, a_directory_that_is_still_there_is_found);
	tcase_add_test(tcase, a_directory_is_found_when_one_below_was_moved);
	tcase_add_test(tcase, a_directory_is_found_when_one_above_was_moved);
	tcase_add_test(tcase, a_stack_goes_on_below_what_was_moved);
	tcase_add_test(tcase,
		       a_deep_directory_is_found_when_one_below_was_moved);
	return unit_run(tcase);
}
