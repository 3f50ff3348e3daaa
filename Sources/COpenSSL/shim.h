#ifndef ONCEGATE_COPENSSL_SHIM_H
#define ONCEGATE_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#endif
