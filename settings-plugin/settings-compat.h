/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef SETTINGS_COMPAT_H
#define SETTINGS_COMPAT_H

/* What differs between the Dovecot versions in a plugin's settings. Include
   after lib.h. */

#include "array.h"
#include "settings-parser.h"
#include "mail-user.h"
#include "mail-storage-settings.h"

/* A definition of a setting that is named as its field. */
#if MBA_DOVECOT_VERSION >= 20315
#  define PLUGIN_SETTING(type, field, _struct) \
	SETTING_DEFINE_STRUCT_##type(#field, field, _struct)
#else
#  define PLUGIN_SETTING(type, field, _struct) \
	SETTING_DEFINE_STRUCT_##type(field, _struct)
#endif

#if MBA_DOVECOT_VERSION >= 20400
#  include "settings.h"
/* A setting_parser_info's fields that depend on the version. The struct has
   "pool_t pool" as its first field. */
#  define PLUGIN_SETTINGS_INFO(_name, _struct) \
	.name = _name, \
	.pool_offset1 = 1 + offsetof(_struct, pool)
/* Whether check_func can't know a value yet, for there are variables in it. */
#  define SETTING_IS_UNKNOWN(value) ((value) == set_value_unknown)
#else
#  define PLUGIN_SETTINGS_INFO(_name, _struct) \
	.module_name = _name, \
	.type_offset = SIZE_MAX, \
	.parent_offset = SIZE_MAX
#  define SETTING_IS_UNKNOWN(value) FALSE
#  define settings_free(set) \
	STMT_START { \
		if ((set) != NULL) { \
			pool_t pool_copy = (set)->pool; \
			pool_unref(&pool_copy); \
			(set) = NULL; \
		} \
	} STMT_END
#endif

/* The settings of the mailboxes that a namespace's configuration has something
   to say about: an array that may not have been created. */
#if MBA_DOVECOT_VERSION >= 20400
#  define NAMESPACE_MAILBOXES(ns) (&(ns)->set->parsed_mailboxes)
#else
#  define NAMESPACE_MAILBOXES(ns) (&(ns)->set->mailboxes)
#endif

/* Returns whether a mailbox is configured with special_use. */
static inline bool
mailbox_settings_have_special_use(const struct mailbox_settings *set)
{
#if MBA_DOVECOT_VERSION >= 20400
	return array_not_empty(&set->special_use);
#else
	return set->special_use[0] != '\0';
#endif
}

/* Returns whether a user's configuration loads Dovecot's plugin for compressed
   mails. */
static inline bool mail_user_loads_compression(const struct mail_user *user)
{
#if MBA_DOVECOT_VERSION >= 20400
	const char *name = "mail_compress";

	return array_is_created(&user->set->mail_plugins) &&
		array_lsearch(&user->set->mail_plugins, &name,
			      i_strcmp_p) != NULL;
#else
	return str_array_find(t_strsplit_spaces(user->set->mail_plugins, ", "),
			      "zlib");
#endif
}

/* Get a plugin's settings for a user: from plugin {} and userdb in 2.3, as any
   other setting in 2.4. Returns 0 if ok, -1 if a value can't be parsed. The
   caller frees the settings with settings_free(), and checks them: check_func
   isn't called. */
#if MBA_DOVECOT_VERSION >= 20400
static inline int
plugin_settings_get(struct mail_user *user,
		    const struct setting_parser_info *info,
		    const void **set_r, const char **error_r)
{
	const struct { pool_t pool; } *set;

	if (settings_get(user->event, info, SETTINGS_GET_FLAG_NO_CHECK, &set,
			 error_r) < 0)
		return -1;
	*set_r = set;
	return 0;
}
#else
static inline bool
plugin_settings_has(const struct setting_define *def, const char *key)
{
	for (; def->key != NULL; def++) {
		if (strcmp(def->key, key) == 0)
			return TRUE;
	}
	return FALSE;
}

/* 2.3 takes whatever stands in plugin {}. Returns -1 if a key begins with the
   plugin's name and is none of its settings. */
static inline int
plugin_settings_check_keys(struct mail_user *user,
			   const struct setting_parser_info *info,
			   const char **error_r)
{
	const char *const *envs;
	unsigned int count;

	if (!array_is_created(&user->set->plugin_envs))
		return 0;
	envs = array_get(&user->set->plugin_envs, &count);
	/* keys and values */
	for (unsigned int i = 0; i < count; i += 2) {
		if (str_begins(envs[i], info->module_name) &&
		    !plugin_settings_has(info->defines, envs[i])) {
			*error_r = t_strconcat("Unknown setting: ", envs[i],
					       NULL);
			return -1;
		}
	}
	return 0;
}

static inline int
plugin_settings_parse(struct setting_parser_context *parser,
		      struct mail_user *user,
		      const struct setting_define *def, const char **error_r)
{
	const char *value;

	for (; def->key != NULL; def++) {
		value = mail_user_plugin_getenv(user, def->key);
		if (value == NULL ||
		    settings_parse_keyvalue(parser, def->key, value) >= 0)
			continue;
		*error_r = t_strdup_printf("%s: %s", def->key,
					   settings_parser_get_error(parser));
		return -1;
	}
	return 0;
}

static inline int
plugin_settings_get(struct mail_user *user,
		    const struct setting_parser_info *info,
		    const void **set_r, const char **error_r)
{
	struct setting_parser_context *parser;
	pool_t pool = pool_alloconly_create("plugin settings", 512);
	void *set;
	int ret;

	parser = settings_parser_init(pool, info, 0);
	ret = plugin_settings_check_keys(user, info, error_r);
	if (ret == 0)
		ret = plugin_settings_parse(parser, user, info->defines,
					    error_r);
	if (ret < 0)
		pool_unref(&pool);
	else {
		set = settings_parser_get(parser);
		*(pool_t *)set = pool;
		*set_r = set;
	}
	settings_parser_deinit(&parser);
	return ret;
}
#endif

#endif
