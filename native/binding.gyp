{
  'target_defaults': {
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++14', '-std=gnu++1y'],
    'cflags_cc': ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti'],
    'include_dirs': ['.'],
  },
  'targets': [
    {
      'target_name': 'lvsd',
      'sources': ['binding/addon.cc', 'binding/netlink_handle.cc', 'binding/names.cc', 'socket/netlink.cc'],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include_dir\")"],
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
      'conditions': [
        ['"<!(echo ${LVSD_SANITIZE:-no})"=="yes"', {
          'cflags_cc': ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g', '-O1'],
          'ldflags': ['-fsanitize=address,undefined'],
        }],
      ],
    },
  ],
}
